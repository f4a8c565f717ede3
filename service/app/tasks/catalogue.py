"""Every job the service knows: importing this module registers them."""

from app.tasks import mails, publications, second_factors, upkeep, uploads
from app.tasks.registry import registry

__all__ = ["mails", "publications", "registry", "second_factors", "upkeep", "uploads"]
