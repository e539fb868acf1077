"""The commands of ``python -m bench``, in files by what they are about."""
