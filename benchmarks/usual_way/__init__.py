"""The usual way to serve such a model, to compare with: Flask, PyJWT, PyTorch, one inference a request."""
