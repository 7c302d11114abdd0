"""Simulated shops: customers, chats and orders whose true figures are known (docs/simulate.md)."""

from xundan.simulate.config import SimConfig
from xundan.simulate.shop import Simulation, rules_of, simulate, stream, write
from xundan.simulate.tally import Tally

__all__ = ["SimConfig", "Simulation", "Tally", "rules_of", "simulate", "stream", "write"]
