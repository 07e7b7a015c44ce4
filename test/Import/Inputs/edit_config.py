"""Changes config.json in a folder: edit_config.py FOLDER JSON. Keys of the object JSON replace those of the file."""
import json
import sys

path = sys.argv[1] + "/config.json"
config = json.load(open(path))
config.update(json.loads(sys.argv[2]))
json.dump(config, open(path, "w"))
