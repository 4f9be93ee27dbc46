"""Clients on other machines, by Flower (https://flower.ai): its SuperNodes are gateways, its Grid carries our tasks."""
