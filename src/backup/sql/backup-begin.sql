-- The transaction whose snapshot the dump reads from. Nobody may end it for being idle.
begin isolation level repeatable read read only
