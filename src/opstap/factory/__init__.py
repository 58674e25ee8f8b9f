"""What the cell tells a factory's systems, and what it takes from them: orders in, finished cases out.

Off until a launch names a folder that `opstap factory prepare` made; each way (MQTT, REST, OPC UA) is off until that
folder's factory.yaml asks for it. What may leave is the closed list in `facts`: docs/factory.md.
"""
