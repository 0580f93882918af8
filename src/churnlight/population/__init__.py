"""Who is at risk, and who left: cohort, labels and the attrition table of one as_of."""

from churnlight.population.building import build_population
from churnlight.population.model import Population, PopulationParams

__all__ = ["Population", "PopulationParams", "build_population"]
