"""HTTP: endpoints, what they ask for, and how they answer. No SQL, no rules."""
