"""The hotel command, its reservation client and the local stack."""
