"""业务系统, the business systems: what operators run on top of data and models."""
