"""Findings in the formats of others: SARIF for code hosts, workflow commands for GitHub."""
