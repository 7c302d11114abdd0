"""Simulated shops: customers, chats and orders whose true figures are known (docs/simulate.md)."""

from xundan.simulate.config import SimConfig
from xundan.simulate.shop import Simulation, simulate, stream, write

__all__ = ["SimConfig", "Simulation", "simulate", "stream", "write"]
