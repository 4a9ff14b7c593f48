"""LiteLLM's page on video: its configuration and its commands for the proxy, word for word."""

CONFIG = """
model_list:
  - model_name: sora-2
    litellm_params:
      model: openai/sora-2
      api_key: os.environ/OPENAI_API_KEY
  - model_name: azure-sora-2
    litellm_params:
      model: azure/sora-2
      api_key: os.environ/AZURE_OPENAI_API_KEY
      api_base: os.environ/AZURE_OPENAI_API_BASE
      api_version: "2024-02-15-preview"
"""

MASTER_KEY = """
general_settings:
  master_key: sk-1234
"""
"""What is not on the page: the key that its commands send."""

GENERATION = """
curl http://0.0.0.0:4000/videos/generations \\
  -H "Authorization: Bearer sk-1234" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "sora-2",
    "prompt": "A cat playing with a ball of yarn in a sunny garden",
    "seconds": "8",
    "size": "720x1280"
  }'
"""

STATUS = """
curl http://0.0.0.0:4000/videos/status \\
  -H "Authorization: Bearer sk-1234" \\
  -H "Content-Type: application/json" \\
  -d '{
    "video_id": "video_1234567890",
    "model": "sora-2"
  }'
"""

RETRIEVAL = """
curl http://0.0.0.0:4000/videos/retrieval \\
  -H "Authorization: Bearer sk-1234" \\
  -H "Content-Type: application/json" \\
  -d '{
    "video_id": "video_1234567890",
    "model": "sora-2"
  }'
"""

REMIX = """
curl http://0.0.0.0:4000/videos/remix \\
  -H "Authorization: Bearer sk-1234" \\
  -H "Content-Type: multipart/form-data" \\
  -F 'model=sora-2' \\
  -F 'prompt=Make the cat jump higher' \\
  -F 'input_reference=@path/to/image.jpg' \\
  -F 'seconds=8'
"""

AZURE = """
curl http://0.0.0.0:4000/videos/generations \\
  -H "Authorization: Bearer sk-1234" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "azure-sora-2",
    "prompt": "A cat playing with a ball of yarn in a sunny garden",
    "seconds": "8",
    "size": "720x1280"
  }'
"""

FIELDS = {"id", "object", "status", "created_at", "model", "size", "seconds", "usage"}
"""What the page says that an answer holds."""
