"""Small building blocks that drivers, agent, watch and commands share; standard library only, no facts."""
