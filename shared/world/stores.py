"""What is kept: in the table, and in the buckets."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.config import IntakeSettings, MediaSettings, TableSettings, UploadsSettings
from shared.domain.ids import KeyId
from shared.world.runtime import Runtime

if TYPE_CHECKING:  # the names of what is made
    from shared.ports.callbacks import CallbackArchive
    from shared.ports.gates import Breakers, Leases, Places
    from shared.ports.intake import Batches, DropFolder
    from shared.ports.jobs import DueIndex, JobStore
    from shared.ports.keys import Accounts, ApiKeys, UsageBook
    from shared.ports.media import MediaStore
    from shared.ports.messages import Outbox
    from shared.ports.uploads import Uploads
    from shared.ports.waiting_posts import WaitingPosts
    from shared.ports.webhooks import Deliveries, Webhooks


class Stores(Runtime):
    @cached_property
    def jobs(self) -> JobStore:
        from shared.adapters.dynamodb.jobs import DynamoJobStore
        from shared.adapters.dynamodb.transactions import BackOff
        from shared.adapters.measured_jobs import MeasuredJobs

        back_off = BackOff(clock=self.clock, random_bytes=self.random_bytes)
        jobs = DynamoJobStore(self._aws("dynamodb"), table=self._table, back_off=back_off)
        return MeasuredJobs(jobs, self.metrics)

    @cached_property
    def accounts(self) -> Accounts:
        from shared.adapters.dynamodb.books import DynamoAccounts

        return DynamoAccounts(self._aws("dynamodb"), table=self._table)

    @cached_property
    def usage_book(self) -> UsageBook:
        from shared.adapters.dynamodb.books import DynamoUsageBook

        return DynamoUsageBook(self._aws("dynamodb"), table=self._table)

    @cached_property
    def waiting_posts(self) -> WaitingPosts:
        from shared.adapters.dynamodb.waiting_posts import DynamoWaitingPosts

        return DynamoWaitingPosts(self._aws("dynamodb"), table=self._table)

    @cached_property
    def outbox(self) -> Outbox:
        from shared.adapters.dynamodb.outbox import DynamoOutbox

        return DynamoOutbox(self._aws("dynamodb"), table=self._table)

    @cached_property
    def api_keys(self) -> ApiKeys:
        from shared.adapters.dynamodb.keys import DynamoApiKeys

        return DynamoApiKeys(self._aws("dynamodb"), table=self._table)

    @cached_property
    def edits_key_id(self) -> KeyId | None:
        """Which API key edits and batches by folder run under."""
        return KeyId(IntakeSettings.from_env(self._environ).edits_key_id) or None

    def edits_tenant(self) -> str | None:
        """Return whose the folder of edits is, also once that key is revoked."""
        key = self.api_keys.find(self.edits_key_id) if self.edits_key_id else None
        return key.tenant if key else None

    @cached_property
    def events_key_id(self) -> KeyId | None:
        """Which API key jobs by event run under."""
        return KeyId(IntakeSettings.from_env(self._environ).events_key_id) or None

    @cached_property
    def leases(self) -> Leases:
        from shared.adapters.dynamodb.leases import DynamoLeases

        return DynamoLeases(self._aws("dynamodb"), table=self._table)

    @cached_property
    def breakers(self) -> Breakers:
        from shared.adapters.dynamodb.breakers import DynamoBreakers

        return DynamoBreakers(self._aws("dynamodb"), table=self._table)

    @cached_property
    def places(self) -> Places:
        from shared.adapters.dynamodb.places import DynamoPlaces

        return DynamoPlaces(self._aws("dynamodb"), table=self._table)

    @cached_property
    def batches(self) -> Batches:
        from shared.adapters.dynamodb.batches import DynamoBatches

        return DynamoBatches(self._aws("dynamodb"), table=self._table)

    @cached_property
    def webhooks(self) -> Webhooks:
        from shared.adapters.dynamodb.webhooks import DynamoWebhooks

        return DynamoWebhooks(self._aws("dynamodb"), table=self._table)

    @cached_property
    def deliveries(self) -> Deliveries:
        from shared.adapters.dynamodb.deliveries import DynamoDeliveries

        return DynamoDeliveries(self._aws("dynamodb"), table=self._table)

    @cached_property
    def due_index(self) -> DueIndex:
        from shared.adapters.dynamodb.due_index import DynamoDueIndex

        return DynamoDueIndex(self._aws("dynamodb"), table=self._table)

    @cached_property
    def _table(self) -> str:
        return TableSettings.from_env(self._environ).table_name

    @cached_property
    def media(self) -> MediaStore:
        from shared.adapters.s3.media import S3MediaStore

        bucket = MediaSettings.from_env(self._environ).media_bucket
        return S3MediaStore(self._aws("s3"), bucket=bucket)

    @cached_property
    def callback_archive(self) -> CallbackArchive:
        from shared.adapters.s3.callbacks import S3CallbackArchive

        bucket = MediaSettings.from_env(self._environ).media_bucket
        return S3CallbackArchive(self._aws("s3"), bucket=bucket)

    @cached_property
    def uploads(self) -> Uploads:
        from shared.adapters.s3.uploads import S3Uploads

        bucket = UploadsSettings.from_env(self._environ).uploads_bucket
        return S3Uploads(self._aws("s3"), bucket=bucket)

    @cached_property
    def drop_folder(self) -> DropFolder:
        from shared.adapters.s3.drops import S3DropFolder

        bucket = UploadsSettings.from_env(self._environ).uploads_bucket
        return S3DropFolder(self._aws("s3"), bucket=bucket)
