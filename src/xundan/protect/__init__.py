"""Personal data is found in texts, replaced by typed placeholders and kept encrypted beside them.

`find` says where it is, `protector` replaces and restores, `keyfile` holds the key. See docs/privacy.md.
"""
