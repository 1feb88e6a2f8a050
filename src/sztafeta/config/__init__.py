"""Settings: one frozen object, read by `bootstrap` and `cli` alone and handed down as plain values.

`settings` says what there is, `sources` where it comes from, `units` how durations and sizes are written.
"""

from sztafeta.config.settings import Settings
from sztafeta.config.sources import CONFIG_VARIABLE, Loaded, SettingsFault, load

__all__ = ["CONFIG_VARIABLE", "Loaded", "Settings", "SettingsFault", "load"]
