"""Xundan (询单) tells a shop which of its chats become orders. Start here: what happens to a message, stage by stage.

receive     a request or a row of a file becomes a fact: a message, an order event, a link      receive/parse.py
protect     phone, ID and card numbers and mail addresses give way to placeholders              protect/protector.py
understand  the model gives intent and buying score, or nothing if it is late                   understand/scorer.py
log         the fact is on disk; only now is the caller answered                                embedded/sqlite_log.py
journey     one state machine a customer: conversations, orders, credit, what differs           domain/journey.py
store       documents, journeys, cubes and the log offset reached, in one transaction           embedded/runner.py
measure     a report is a sum of daily cubes, with intervals and maturity                       measure/report.py

`receive/intake.py` leads through the first half, `embedded/runner.py` through the second; the log lies between them.
`domain/records.py` says what a fact is, `domain/ports.py` what can be exchanged, `wiring.py` puts it together, `cli.py`
starts it. What every figure means: docs/definitions.md. Why it is built this way: docs/design.md.
"""
