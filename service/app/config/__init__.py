"""Settings: what the environment says, checked as a whole. Comes in: variables and `.env`. Goes out: one `Settings`."""

from app.config.settings import SERVICE_ROOT, ConfigurationError, Settings, describe, environment_names, get_settings

__all__ = ["SERVICE_ROOT", "ConfigurationError", "Settings", "describe", "environment_names", "get_settings"]
