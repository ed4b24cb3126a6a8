"""What hotel is made of: base images, software bills of materials (SBOMs), licences and known faults."""
