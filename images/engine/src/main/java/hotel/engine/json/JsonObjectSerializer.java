package hotel.engine.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import org.operaton.bpm.engine.impl.variable.serializer.AbstractObjectValueSerializer;
import org.operaton.bpm.engine.variable.value.ObjectValue;

/**
 * Variables of type {@code Object} in the format {@code application/json}.
 *
 * <p>Whatever class a client names, they are read as maps, lists and plain values: no class is loaded by name, and
 * expressions and multi-instance loops can walk them.
 */
public class JsonObjectSerializer extends AbstractObjectValueSerializer {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    public JsonObjectSerializer() {
        super("application/json");
    }

    /** The name under which the engine's Spin plugin keeps such objects. */
    @Override
    public String getName() {
        return "spin://application/json";
    }

    @Override
    protected boolean isSerializationTextBased() {
        return true;
    }

    @Override
    protected boolean canSerializeValue(Object value) {
        return value instanceof Map || value instanceof Collection;
    }

    @Override
    protected String getTypeNameForDeserialized(Object value) {
        return value.getClass().getName();
    }

    @Override
    protected byte[] serializeToByteArray(Object value) throws JsonProcessingException {
        return MAPPER.writeValueAsBytes(value);
    }

    @Override
    protected Object deserializeFromByteArray(byte[] json, String typeName) throws IOException {
        return MAPPER.readValue(json, Object.class);
    }

    /** Reading a value in an expression does not write it again. */
    @Override
    public boolean isMutableValue(ObjectValue value) {
        return false;
    }
}
