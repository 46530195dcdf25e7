"""stub"""
def register(krita):
    pass
