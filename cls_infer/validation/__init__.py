"""Published measurements beside the models' values."""
