"""Settings: environment variables and `.env`, read once and checked as a whole."""

from app.config.settings import SERVICE_ROOT, ConfigurationError, Settings, describe, environment_names, get_settings

__all__ = ["SERVICE_ROOT", "ConfigurationError", "Settings", "describe", "environment_names", "get_settings"]
