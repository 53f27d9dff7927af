select sql from headgate.migration where id = $1;
