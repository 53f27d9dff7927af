-- In the transaction of the COPY: then its rows may be written as frozen, and past the write-ahead log where it is minimal.
truncate table only %1$I.%2$I
