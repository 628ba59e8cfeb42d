"""Runs on real and published data, and measurements: figures with their caveats, machine and versions."""
