"""The store: what a cell keeps of the work, on SQLite by default and on PostgreSQL when that is outgrown."""

from opstap.evaluation.store.consent import Consents, NoConsentError, Purpose
from opstap.evaluation.store.database import NewerStoreError, Store, StoreError
from opstap.evaluation.store.reading import CoachingRow, Cycle, FormRow, Reading, SessionRow, StepTime

__all__ = [
    "CoachingRow",
    "Consents",
    "Cycle",
    "FormRow",
    "NewerStoreError",
    "NoConsentError",
    "Purpose",
    "Reading",
    "SessionRow",
    "StepTime",
    "Store",
    "StoreError",
]
