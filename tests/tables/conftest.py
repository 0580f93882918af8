from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tables_made import COLUMNS, make_table

from churnlight.tables.fitting import Settings, fit_table


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return make_table()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    table.to_csv(folder / "table.csv", index=False)
    fit_table(folder / "table.csv", COLUMNS, folder / "model", Settings())
    return folder / "model"
