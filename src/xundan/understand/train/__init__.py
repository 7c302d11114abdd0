"""How the model of the package is made: `python -m xundan.understand.train` (extra `train`). See docs/model.md."""
