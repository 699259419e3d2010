"""Batch synthetic data augmentation for tables and image folders."""

__version__ = "0.1.0"
