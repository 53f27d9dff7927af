update _prisma_migrations set rolled_back_at = clock_timestamp(), logs = 'headgate: taken back by its down.sql' where id = $1;
