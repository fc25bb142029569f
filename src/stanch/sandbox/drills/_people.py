"""What people may be asked in drills, by what is attacked."""

WIDER = ("filter_inputs", "shape_outputs", "throttle", "query_limit")
"""Where refusing the guilty is enough, what hits everybody may be asked about, and gets a no."""
LEARNING = ("freeze_pipeline", "quarantine_dataset")
"""Where poison must not be learnt, learning has to wait."""
OTHER_VERSION = ("roll_back", "pin_version", "isolate_version", "freeze_pipeline")
"""Where a bad version answers, another one has to; that hits everybody, so people are asked."""
NO_SERVICE = ("safe_mode", "stop_endpoint", "shape_outputs", "quarantine_dataset")
"""Where another version is enough, taking the service from everybody gets a no."""
