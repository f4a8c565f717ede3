"""Logs, metrics, traces and error reports. Whatever leaves is redacted first."""
