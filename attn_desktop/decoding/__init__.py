"""From a model to records: one call of the stepper is one token and one StepRecord."""
