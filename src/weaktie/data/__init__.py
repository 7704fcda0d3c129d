"""数据中台, the data platform: collect, identity, profiles."""
