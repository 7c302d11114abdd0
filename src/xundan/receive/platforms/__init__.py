"""Orders and refunds as shop platforms export them (docs/platforms.md)."""
