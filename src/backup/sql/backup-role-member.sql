grant %1$I to %2$I
