"""Settings: environment variables and `.env`, read once and checked as a whole."""

from app.config.settings import SERVICE_ROOT, ConfigurationError, Settings, environment_names, get_settings
from app.config.shown import describe

__all__ = ["SERVICE_ROOT", "ConfigurationError", "Settings", "describe", "environment_names", "get_settings"]
