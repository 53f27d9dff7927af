alter database %1$I rename to %2$I
