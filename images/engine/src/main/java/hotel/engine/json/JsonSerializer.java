package hotel.engine.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.operaton.bpm.engine.impl.variable.serializer.PrimitiveValueSerializer;
import org.operaton.bpm.engine.impl.variable.serializer.ValueFields;
import org.operaton.bpm.engine.variable.impl.value.UntypedValueImpl;
import org.operaton.bpm.engine.variable.value.TypedValue;

/** Keeps JSON texts as bytes, which have no limit of length as the engine's text columns have. */
public class JsonSerializer extends PrimitiveValueSerializer<JsonValue> {

    public JsonSerializer() {
        super(JsonType.INSTANCE);
    }

    @Override
    public JsonValue readValue(ValueFields fields, boolean isTransient) {
        var bytes = fields.getByteArrayValue();
        return new JsonValue(bytes == null ? null : new String(bytes, UTF_8), isTransient);
    }

    @Override
    public void writeValue(JsonValue value, ValueFields fields) {
        fields.setByteArrayValue(value.getValue() == null ? null : value.getValue().getBytes(UTF_8));
    }

    /** A string without a type stays a string. */
    @Override
    protected boolean canWriteValue(TypedValue value) {
        return value instanceof JsonValue;
    }

    @Override
    public JsonValue convertToTypedValue(UntypedValueImpl value) {
        return new JsonValue((String) value.getValue(), value.isTransient());
    }
}
