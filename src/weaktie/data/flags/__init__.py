"""Flags 功能开关: which unit gets which variant, and who was exposed to it."""
