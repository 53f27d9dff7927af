drop database if exists %1$I
