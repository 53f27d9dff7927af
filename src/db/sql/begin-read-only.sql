-- For a session behind a pooler, which cannot keep default_transaction_read_only.
begin read only
