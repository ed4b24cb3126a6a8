package hotel.engine.json;

import org.operaton.bpm.engine.variable.impl.value.PrimitiveTypeValueImpl;

/** A JSON text, or null. */
class JsonValue extends PrimitiveTypeValueImpl<String> {

    JsonValue(String json, boolean isTransient) {
        super(json, JsonType.INSTANCE);
        setTransient(isTransient);
    }
}
