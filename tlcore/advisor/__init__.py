"""What suits the data, what would go wrong, and what is going wrong."""

from tlcore.advisor.advice import Advice, advise, recommend
from tlcore.advisor.changes import apply
from tlcore.advisor.diagnosis import diagnose
from tlcore.advisor.facts import Facts
from tlcore.advisor.finding import Finding
from tlcore.advisor.preflight import preflight

__all__ = ["Advice", "Facts", "Finding", "advise", "apply", "diagnose", "preflight", "recommend"]
