"""Cohorts of any size: shards of patients over workers, the store they write, and questions to it."""
