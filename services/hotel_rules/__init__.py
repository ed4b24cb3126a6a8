"""Rules that services and worker share, so that neither accepts what the other refuses."""
