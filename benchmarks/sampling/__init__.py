"""Effective draws per second of each road and of peers: same patients, same likelihood, same priors."""
