"""Honest scores: pure metrics, baselines, paired tests, reports."""
