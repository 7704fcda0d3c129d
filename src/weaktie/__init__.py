"""weaktie (弱连接): a self-hosted growth platform for social commerce."""

__version__ = "0.1.0"
