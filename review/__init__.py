"""Risk into queues: alerts with reasons and evidence, their order, and what an analyst reads of them."""
