"""Sends calls together while earlier calls of the same caller are in flight.

A call that finds a free slot is sent at once, alone. Other calls wait for a slot and are then sent as one batch. The
server never delays a call to wait for more calls.

- consumptions: group commit. Calls of ConsumeCredits become one call of batch_consume_credits().
- reads: pipelining. Calls that only read become one message with several statements.
- batch: pending calls and batches, which both share.
"""
