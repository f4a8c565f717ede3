"""Findings in the formats that code hosts read: SARIF and workflow commands."""
